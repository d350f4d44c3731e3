/** What the pages say of the city: plugins/city.ts reads it when they are built. */
declare module 'virtual:city' {
  interface Both {
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
