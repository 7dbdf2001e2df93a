// The functions that elements become: text, escaped, and no more. `tsconfig.json` names this folder.

type Child = Markup | string | number | boolean | null | undefined | Child[];
type Props = Record<string, unknown> & { children?: Child };
type Component = (props: any) => Markup;

export class Markup {
  constructor(private readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ESCAPES[character]!);

function rendered(child: Child): string {
  if (child instanceof Markup) return child.toString();
  if (Array.isArray(child)) return child.map(rendered).join("");
  return child === null || child === undefined || typeof child === "boolean" ? "" : escaped(String(child));
}

export function jsx(type: string | Component, { children, ...props }: Props): Markup {
  if (typeof type === "function") return type({ ...props, children });
  const attributes = Object.entries(props).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  return new Markup(`<${type}${attributes.join("")}>${rendered(children)}</${type}>`);
}

export const jsxs = jsx;

export namespace JSX {
  export type Element = Markup;
  export interface IntrinsicElements {
    [name: string]: any;
  }
}
