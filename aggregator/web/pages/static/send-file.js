// The chosen file: what it is sent as, its beginning, and whether it is still what was chosen.

const PREVIEWED_BYTES = 1_000_000;
const CSV = "text/csv";
const NDJSON = "application/x-ndjson";
const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const TYPES = {
  csv: CSV, tsv: CSV, tab: CSV, txt: CSV, json: "application/json",
  ndjson: NDJSON, jsonl: NDJSON, xlsx: EXCEL, xlsm: EXCEL,
};

/** The media type of a file, by its name first: systems disagree on what CSV is. */
export function mediaType(file) {
  const ending = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
  return TYPES[ending] ?? (file.type || "application/octet-stream");
}

/** As much of a file as a preview needs: whole lines of a text, or all of any other. */
export async function beginning(file) {
  if (file.size <= PREVIEWED_BYTES || ![CSV, NDJSON].includes(mediaType(file))) return file;
  const bytes = new Uint8Array(await file.slice(0, PREVIEWED_BYTES).arrayBuffer());
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const end = bytes.lastIndexOf(10) + 1;
  if (isZip || !end) return file;
  // In little-endian UTF-16 a line end has a second byte.
  return file.slice(0, end + (bytes[end] === 0 ? 1 : 0));
}

/** Whether the file can still be read; browsers refuse one that has changed since it was chosen. */
export async function isUnchanged(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
