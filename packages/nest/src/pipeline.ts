import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from "@nestjs/common";
import { GatewayError } from "@roomcast/protocol";
import { defer, isObservable, lastValueFrom, mergeAll, type Observable } from "rxjs";

/** Rejects with `FORBIDDEN` where one says no, and with whatever one throws. */
export async function activate(guards: readonly CanActivate[], context: ExecutionContext): Promise<void> {
  for (const guard of guards) {
    const answer = await guard.canActivate(context);
    const allowed = isObservable(answer) ? await lastValueFrom(answer, { defaultValue: false }) : answer;
    if (!allowed) throw new GatewayError("FORBIDDEN", "Forbidden resource");
  }
}

/** What `next` comes to through the interceptors, of which the first is the outermost. */
export function intercept(
  interceptors: readonly NestInterceptor[],
  { context, next }: { readonly context: ExecutionContext; readonly next: CallHandler },
): Observable<unknown> {
  const [first, ...others] = interceptors;
  if (first === undefined) return next.handle();
  const handle = (): Observable<unknown> => intercept(others, { context, next });
  return defer(async () => await first.intercept(context, { handle })).pipe(mergeAll());
}
