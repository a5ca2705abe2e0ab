import { LogDetail } from "./log-detail";
import { LogList } from "./log-list";
import type { LogSearch } from "./log-search";

declare global {
  interface HTMLElementTagNameMap {
    "ha-ingestor-log-search": LogSearch;
    "ha-ingestor-log-list": LogList;
    "ha-ingestor-log-detail": LogDetail;
  }
}

/** Register the elements, the search in the variant that the place needs; a second call changes nothing. */
export function defineElements(search: typeof LogSearch): void {
  define("ha-ingestor-log-detail", LogDetail);
  define("ha-ingestor-log-list", LogList);
  define("ha-ingestor-log-search", search);
}

/** Register one element, unless its tag is known already. */
export function define(tag: string, element: CustomElementConstructor): void {
  if (!customElements.get(tag)) {
    customElements.define(tag, element);
  }
}
