/*
 * Types of channels and their events. An event map goes from channel patterns to the events of such channels and their
 * payloads: `{ "chat:{room}": { message: { text: string } } }`.
 */

/** What a client without types of its own may meet: every channel, every event, any payload. */
export type AnyEvents = Record<string, Record<string, unknown>>;

/** The channel names of a pattern, as far as a template can say it: `chat:{room}` gives `chat:${string}`. */
type NamesOf<Pattern extends string> = string extends Pattern
  ? string
  : Pattern extends `${infer Before}{${infer _Parameter}}${infer After}`
    ? `${Before}${string}${NamesOf<After>}`
    : Pattern extends `${infer Before}**`
      ? `${Before}${string}`
      : Pattern;

/** The channel names that `Events` has patterns for. */
export type ChannelName<Events extends object> = keyof Events extends infer Pattern
  ? Pattern extends string
    ? NamesOf<Pattern>
    : never
  : never;

type HasSeparator<Text extends string> = Text extends `${string}${":" | "." | "/"}${string}` ? true : false;

/** Whether a name matches a pattern, piece by piece; the same rules as on the server. */
type Matches<
  Pattern extends string,
  Name extends string,
> = Pattern extends `${infer Before}{${infer Parameter}}${infer After}`
  ? Name extends `${Before}${infer Rest}`
    ? MatchesParameter<Parameter, After, Rest>
    : false
  : Pattern extends `${infer Before}**`
    ? Name extends `${Before}${string}`
      ? true
      : false
    : Name extends Pattern
      ? true
      : false;

/** What follows a parameter: nothing, or a separator and more. `{userId}` and `{tenantId}` may hold separators themselves. */
type MatchesParameter<Parameter extends string, After extends string, Rest extends string> = Rest extends ""
  ? false
  : Parameter extends "userId" | "tenantId"
    ? Rest extends `${string}${NamesOf<After>}`
      ? true
      : false
    : After extends ""
      ? HasSeparator<Rest> extends true
        ? false
        : true
      : After extends `${infer Separator}${infer Beyond}`
        ? Rest extends `${infer Piece}${Separator}${infer Tail}`
          ? Piece extends ""
            ? false
            : HasSeparator<Piece> extends true
              ? false
              : Matches<Beyond, Tail>
          : false
        : false;

type MatchingMaps<Events extends object, Name extends string> = {
  [Pattern in keyof Events]: Pattern extends string
    ? Matches<Pattern, Name> extends true
      ? Events[Pattern]
      : never
    : never;
}[keyof Events];

/** The event maps that name their events. */
type Named<Maps> = Maps extends unknown ? (string extends keyof Maps ? never : Maps) : never;
/** Of several event maps those that name their events, where there are any. */
type Telling<Maps> = [Named<Maps>] extends [never] ? Maps : Named<Maps>;

/** From the events of a channel to their payloads: those of the patterns that the channel's name matches. */
export type EventsOf<Events extends object, Name extends string> = string extends keyof Events
  ? Record<string, unknown>
  : [MatchingMaps<Events, Name>] extends [never]
    ? Record<never, never>
    : Telling<MatchingMaps<Events, Name>>;

/** The names of the events in an event map. */
export type EventName<Map> = keyof Map & string;

/**
 * What one may publish as an event of a map. Where a schema makes something else of what it is given, the map has that under
 * the key 0, which no event is called.
 */
export type SentOf<Map, Event extends keyof Map> = Map extends { readonly 0: infer Sent }
  ? Event extends keyof Sent
    ? Sent[Event]
    : never
  : Map[Event];
