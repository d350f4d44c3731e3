export function MapPage() {
  return <h1>map</h1>;
}
