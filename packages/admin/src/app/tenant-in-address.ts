import { useEffect, useRef } from "react";
import { useLocation, useSearch } from "wouter";
import { useSession } from "./session.tsx";

export const TENANT = /^[\w.-]{1,128}$/;

/**
 * Keeps a tenant that is not the session's own as `tenant` in the page's address, so that it survives a reload and goes along
 * with a link; and goes to the tenant that such a link names.
 */
export function useTenantInAddress(): void {
  const { session, tenantId, chooseTenant, operator } = useSession();
  const [location, navigate] = useLocation();
  const search = useSearch();
  /** What the address named when it was last looked at: where that is something else, somebody has followed a link. */
  const followed = useRef<string | null>(null);
  useEffect(() => {
    const query = new URLSearchParams(search);
    const named = query.get("tenant");
    const free = operator || session.tenants === "*" || (named !== null && session.tenants.includes(named));
    const link = named !== followed.current;
    followed.current = named;
    if (link && named !== null && named !== tenantId && TENANT.test(named) && free) {
      chooseTenant(named);
      return;
    }
    if (tenantId === session.tenantId) query.delete("tenant");
    else query.set("tenant", tenantId);
    if (named !== query.get("tenant"))
      navigate(query.size === 0 ? location : `${location}?${query.toString()}`, { replace: true });
  }, [session, tenantId, chooseTenant, operator, location, search, navigate]);
}
