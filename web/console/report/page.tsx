export function ReportPage({ id }: { id: string }) {
  return <h1>{id}</h1>;
}
