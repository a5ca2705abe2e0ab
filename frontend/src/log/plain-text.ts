// CSI (colours, cursor), OSC (titles, links; ended by BEL or ST), the other two-byte ones, and what is left of one.
const ESCAPE_SEQUENCE =
  // eslint-disable-next-line no-control-regex
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b(?:[ -/]*[0-~])?/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;
const DELETE_PICTURE = "\u2421";

/** Text for display: terminal escape sequences removed, other control characters made visible. */
export function plainText(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(ESCAPE_SEQUENCE, "")
    .replace(CONTROL, (character) => {
      const code = character.charCodeAt(0);
      return code === DELETE ? DELETE_PICTURE : String.fromCharCode(CONTROL_PICTURES + code);
    });
}

/** The same on one line: line breaks become a visible sign, indentation one space. */
export function singleLine(text: string): string {
  return plainText(text.trimEnd()).replace(/\n\s*/g, " ⏎ ").replace(/\t/g, " ");
}
