/** A user as people read it. */
export function nameOf(userId: string | null): string {
  return userId === null ? "A visitor" : userId.charAt(0).toUpperCase() + userId.slice(1);
}
