/** A piece of a path pattern, as far as telling two patterns apart needs it. */
export type Segment =
  | { readonly type: "literal"; readonly text: string }
  /** Exactly one segment, whatever it holds. */
  | { readonly type: "param" }
  /** Any number of segments, none included. */
  | { readonly type: "rest" };

/** What an adapter makes of a pattern in its framework's path language. */
export type ReadPath =
  | {
      /** The pattern as the framework's router wants it. */
      readonly native: string;
      /** The paths that it matches; several where a part is optional. */
      readonly shapes: readonly (readonly Segment[])[];
    }
  /** Why the pattern cannot mean what it says, and how to write it. */
  | { readonly problem: string };
