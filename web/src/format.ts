// Figures and times as people read them. A figure is a text and a unit apart,
// so that the unit can be set in a quieter colour.

export interface Figure {
  readonly text: string;
  readonly unit: string;
}

/** What stands where nothing was observed. */
export const MISSING: Figure = { text: "–", unit: "" };

/**
 * Three significant digits. The limits lie half a digit below the powers of
 * ten, so that 9.996 becomes "10.0" and not "10.00".
 */
function significant(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value == null || !Number.isFinite(value);
}

/** A latency given in milliseconds: 0.42 ms, 1.24 s, 2.50 min. */
export function latency(ms: number | null | undefined): Figure {
  if (isMissing(ms)) return MISSING;
  if (ms === 0) return { text: "0", unit: "ms" };
  if (ms < 0.01) return { text: "<0.01", unit: "ms" };
  if (ms < 999.5) return { text: significant(ms), unit: "ms" };
  if (ms < 59_950) return { text: significant(ms / 1000), unit: "s" };
  return { text: significant(ms / 60_000), unit: "min" };
}

/** A share given in percent: 0 %, <0.01 %, 6.38 %. */
export function percent(value: number | null | undefined): Figure {
  if (isMissing(value)) return MISSING;
  if (value === 0) return { text: "0", unit: "%" };
  if (Math.abs(value) < 0.01) return { text: "<0.01", unit: "%" };
  const sign = value < 0 ? "−" : "";
  return { text: sign + significant(Math.abs(value)), unit: "%" };
}

/** A throughput in requests per second: 12.4 /s, 26.1 k/s. */
export function throughput(perSecond: number | null | undefined): Figure {
  if (isMissing(perSecond)) return MISSING;
  if (perSecond === 0) return { text: "0", unit: "/s" };
  if (perSecond < 0.01) return { text: "<0.01", unit: "/s" };
  if (perSecond < 999.5) return { text: significant(perSecond), unit: "/s" };
  if (perSecond < 999_500) return { text: significant(perSecond / 1e3), unit: "k/s" };
  return { text: significant(perSecond / 1e6), unit: "M/s" };
}

/** A size in bytes, by powers of a thousand: 512 B, 48.2 kB. */
export function bytes(value: number | null | undefined): Figure {
  if (isMissing(value)) return MISSING;
  if (value < 999.5) return { text: value.toFixed(0), unit: "B" };
  if (value < 999_500) return { text: significant(value / 1e3), unit: "kB" };
  if (value < 999_500_000) return { text: significant(value / 1e6), unit: "MB" };
  return { text: significant(value / 1e9), unit: "GB" };
}

/** A value in the unit that the wire gives it. */
export function inUnit(value: number | null | undefined, unit: string): Figure {
  switch (unit) {
    case "ms":
      return latency(value);
    case "%":
      return percent(value);
    case "/s":
      return throughput(value);
    case "bytes":
      return bytes(value);
    default:
      return isMissing(value) ? MISSING : { text: significant(value), unit };
  }
}

/** Figure as one text: "1.24 s". */
export function plain(figure: Figure): string {
  return figure.unit ? `${figure.text} ${figure.unit}` : figure.text;
}

/** What an error rate leaves out; undefined where there is none of it. */
export function besidesErrors(clientErrorRate: number | null): string | undefined {
  return clientErrorRate ? `and ${plain(percent(clientErrorRate))} client errors (4xx)` : undefined;
}

/** A whole number with thousands apart: 12,400. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** 1 endpoint, 20 endpoints */
export function times(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something lasted: 11 s, 9 min, 3 h 20 min, 2 d 4 h. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, "h", minutes % 60, "min");
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

export type Zone = "local" | "utc";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function twoDigits(n: number): string {
  return String(n).padStart(2, "0");
}

/**
 * The time moved so that its UTC fields read as the wall clock of the zone.
 * The offset is the one in force at that time, so summer time is right.
 */
function wallClock(time: number, zone: Zone): Date {
  const offset = zone === "utc" ? 0 : new Date(time).getTimezoneOffset() * MINUTE;
  return new Date(time - offset);
}

/** 10:27:14 */
export function clock(time: number, zone: Zone): string {
  return wallClock(time, zone).toISOString().slice(11, 19);
}

/** 10:27:14 on the day of now, 21 Nov 10:27:14 on another. */
export function stamp(time: number, zone: Zone, now: number): string {
  const there = wallClock(time, zone);
  const today = there.toISOString().slice(0, 10) === wallClock(now, zone).toISOString().slice(0, 10);
  return today ? clock(time, zone) : `${day(there)} ${clock(time, zone)}`;
}

function day(wall: Date): string {
  return `${wall.getUTCDate()} ${MONTHS[wall.getUTCMonth()]}`;
}

/**
 * The label of a tick on a time axis whose ticks stand step apart: seconds
 * only where they tell something, the day alone from a day's distance up and
 * at midnight.
 */
export function tick(time: number, zone: Zone, step: number): string {
  const wall = wallClock(time, zone);
  if (step >= DAY || wall.getTime() % DAY === 0) return day(wall);
  return wall.toISOString().slice(11, step < MINUTE ? 19 : 16);
}

/** The zone's name as an offset: UTC, UTC+05:30. */
export function zoneName(zone: Zone, at: number): string {
  const offset = zone === "utc" ? 0 : -new Date(at).getTimezoneOffset();
  if (offset === 0) return "UTC";
  const minutes = Math.abs(offset);
  const sign = offset < 0 ? "−" : "+";
  return `UTC${sign}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}
