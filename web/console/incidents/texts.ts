import { texts } from '../../shared/language.ts';

export const text = texts({
  en: {
    title: 'Incident',
    count: 'Reports in your scope',
    received: 'Received',
    places: 'Districts',
    map: 'On the map',
    label: 'Map of the incident: the darker a district, the more reports. The list above has the numbers.',
    comma: ', ',
    gone: 'No report of this incident is in your scope any more.',
  },
  zh: {
    title: '事件',
    count: '您职责范围内的举报',
    received: '收到时间',
    places: '区域',
    map: '在地图上显示',
    label: '事件地图，颜色越深举报越多，数字见上方列表。',
    comma: '，',
    gone: '您的职责范围内已没有此事件的举报。',
  },
});
