import type { ArgumentsHost, ExceptionFilter, Type } from "@nestjs/common";
import { FILTER_CATCH_EXCEPTIONS } from "@nestjs/common/constants.js";
import { firstValueFrom, isObservable } from "rxjs";
import { isMeant } from "./exceptions.ts";

/**
 * What `filters`, in the order in which Nest would have them, make of what was thrown: what the first one that catches it
 * returns or throws, as in Nest's microservices. A filter that answers in its own way returns nothing, and one that was
 * written for HTTP fails here; then it is what was thrown.
 */
export async function translate(
  thrown: unknown,
  { filters, host }: { readonly filters: readonly ExceptionFilter[]; readonly host: ArgumentsHost },
): Promise<unknown> {
  const filter = filters.find((one) => catches(one, thrown));
  if (filter === undefined) return thrown;
  try {
    const returned: unknown = await filter.catch(thrown, host);
    const made = isObservable(returned) ? await firstValueFrom(returned, { defaultValue: undefined }) : returned;
    return made ?? thrown;
  } catch (failure) {
    return isMeant(failure) ? failure : thrown;
  }
}

function catches(filter: ExceptionFilter, thrown: unknown): boolean {
  const types = (Reflect.getMetadata(FILTER_CATCH_EXCEPTIONS, filter.constructor) ?? []) as readonly Type[];
  return types.length === 0 || types.some((type) => thrown instanceof type);
}
