import { texts } from '../../shared/language.ts';

export const text = texts({
  en: {
    title: 'Incident',
    count: 'Reports in your scope',
    received: 'Received',
    places: 'Districts',
    comma: ', ',
    gone: 'No report of this incident is in your scope any more.',
  },
  zh: {
    title: '事件',
    count: '您职责范围内的举报',
    received: '收到时间',
    places: '区域',
    comma: '，',
    gone: '您的职责范围内已没有此事件的举报。',
  },
});
