export function EntryPage() {
  return <h1>entry</h1>;
}
