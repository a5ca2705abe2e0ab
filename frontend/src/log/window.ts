/** What is unfolded below one line. */
export interface Unfolded {
  readonly index: number;
  /** px */
  readonly height: number;
}

export interface WindowRequest {
  /** px */
  readonly scrollTop: number;
  /** px */
  readonly viewportHeight: number;
  /** px */
  readonly lineHeight: number;
  readonly count: number;
  /** In the order of their index. */
  readonly unfolded: readonly Unfolded[];
}

export interface ListWindow {
  /** First line to render. */
  readonly first: number;
  /** One past the last line to render. */
  readonly end: number;
  /** Where the first rendered line begins, px. */
  readonly offset: number;
  /** Height of all lines, px. */
  readonly totalHeight: number;
}

const OVERSCAN_LINES = 12;

/** Which lines of a long list need rendering at a scroll position. */
export function listWindow(request: WindowRequest): ListWindow {
  const { scrollTop, viewportHeight, lineHeight, count, unfolded } = request;
  const first = Math.max(0, lineAt(scrollTop, lineHeight, count, unfolded) - OVERSCAN_LINES);
  const last = lineAt(scrollTop + viewportHeight, lineHeight, count, unfolded);
  return {
    first,
    end: Math.min(count, last + 1 + OVERSCAN_LINES),
    offset: topOf(first, lineHeight, unfolded),
    totalHeight: topOf(count, lineHeight, unfolded),
  };
}

/** Where a line begins, px. */
export function topOf(index: number, lineHeight: number, unfolded: readonly Unfolded[]): number {
  let top = index * lineHeight;
  for (const { index: at, height } of unfolded) {
    if (at < index) {
      top += height;
    }
  }
  return top;
}

function lineAt(y: number, lineHeight: number, count: number, unfolded: readonly Unfolded[]): number {
  let above = 0;
  for (const { index, height } of unfolded) {
    const bottomOfLine = (index + 1) * lineHeight + above;
    if (y < bottomOfLine) {
      break;
    }
    if (y < bottomOfLine + height) {
      return index;
    }
    above += height;
  }
  const line = Math.floor((y - above) / lineHeight);
  return Math.min(Math.max(line, 0), Math.max(count - 1, 0));
}
