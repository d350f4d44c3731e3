/** What the pages say of the city: plugins/city.ts reads it when they are built. */
declare module 'virtual:city' {
  export interface Both {
    zh: string;
    en: string;
  }

  export interface City {
    /** The language for readers of neither. */
    language: 'zh' | 'en';
    emergencyNumber: string;
    /** Of the tz database, such as `Asia/Shanghai`. */
    timeZone: string;
    /** What the tip line is called. */
    service: Both;
    police: Both;
    name: Both;
    /** How to reach the police otherwise. */
    reach: Both;
    /** What happens with a report. */
    after: Both;
  }

  const city: City;
  export default city;
}

/** What the console's map says of the city: no part of the residents' page. */
declare module 'virtual:city-map' {
  import type { Both } from 'virtual:city';

  export type Datum = 'wgs84' | 'gcj02' | 'bd09';

  export interface CityMap {
    datums: Datum[];
    /** Maps of others: `url` has `{lat}` and `{lon}`, which are of the datum. */
    maps: { name: Both; datum: Datum; url: string }[];
    /** The address of the street map's tiles; null when the city has none. */
    streets: string | null;
  }

  const map: CityMap;
  export default map;
}
