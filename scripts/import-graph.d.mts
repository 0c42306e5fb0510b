export interface Import {
  readonly from: string;
  readonly to: string;
}
export const mayImport: Record<string, readonly string[]>;
export function roomOf(file: string): string | undefined;
export function importsBelow(source: string): { files: string[]; imports: Import[] };
export function importCircles(files: readonly string[], imports: readonly Import[]): string[][];
export function drawing(graph: { imports: readonly Import[] }): string;
