/** A second converter, to compare with in tests: longitude first. */
declare module 'coordtransform' {
  type Convert = (lon: number, lat: number) => [number, number];

  const converter: { wgs84togcj02: Convert; gcj02tobd09: Convert; gcj02towgs84: Convert };
  export default converter;
}
