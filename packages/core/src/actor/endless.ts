import type { Service } from './service.ts';

// A service in an endless loop: what the watchdog reports, and whether the service has been told.

/** The watchdog has reported it. */
export function noteEndless(service: Service, report: number): void {
  service.extras.endlessReport = report;
}

/** Whether it was reported since last asked. Within the very loop nobody but the watchdog's memory can tell. */
export function takeEndless(service: Service): boolean {
  const report = Math.max(
    service.host.endlessReport(service.handle),
    service.extrasSoFar?.endlessReport ?? 0,
  );
  if (report <= (service.extrasSoFar?.endlessTold ?? 0)) return false;
  service.extras.endlessTold = report;
  return true;
}
