import type { PageView } from '@onbehalf/authorization-server';
import type { VNode } from '@onbehalf/html';

const ENGLISH = {
  title: 'Linked accounts',
  intro: 'Accounts of yours elsewhere, {user}, that applications may use for you:',
  acts: 'Whoever uses one for you acts as you there: {title} cannot tell who it was. It stands in your activity here.',
  none: 'not linked',
  since: 'linked since {date}',
  ended: 'has ended; connect it again',
  connect: 'Connect',
  again: 'Connect again',
  unlink: 'Unlink',
  linked: '{title} is linked.',
  unlinked: '{title} is unlinked, and the access was ended there.',
  left: '{title} is unlinked. Whether the access has ended there is not known: please look there, too.',
  failed: '{title} was not linked.',
  confirmTitle: 'Another account?',
  confirm: 'At {title}, {before} is linked. Shall {after} take its place?',
  replace: 'Replace it',
  keep: 'Keep it',
  problemTitle: 'This link does not work',
  unknown: 'It was used, has expired, or never was. Go back and start again.',
  other:
    'It was not begun by you in this browser. If you did not begin it, somebody may want you to link an account that is not yours.',
  mixed: 'The answer came from somewhere else than expected. Nothing was linked.',
  conflict: 'Another account was linked meanwhile. Go back and start again.',
};

type Texts = Readonly<Record<keyof typeof ENGLISH, string>>;

const GERMAN: Texts = {
  title: 'Verknüpfte Konten',
  intro: 'Konten, die Sie anderswo haben, {user}, und die Anwendungen für Sie nutzen dürfen:',
  acts: 'Wer eines für Sie nutzt, handelt dort als Sie: {title} erkennt nicht, wer es war. Hier steht es in Ihren Aktivitäten.',
  none: 'nicht verknüpft',
  since: 'verknüpft seit {date}',
  ended: 'ist abgelaufen; verbinden Sie es neu',
  connect: 'Verbinden',
  again: 'Neu verbinden',
  unlink: 'Trennen',
  linked: '{title} ist verknüpft.',
  unlinked: '{title} ist getrennt, und der Zugang wurde dort beendet.',
  left: '{title} ist getrennt. Ob der Zugang dort beendet ist, ist nicht bekannt: Bitte sehen Sie auch dort nach.',
  failed: '{title} wurde nicht verknüpft.',
  confirmTitle: 'Ein anderes Konto?',
  confirm: 'Bei {title} ist {before} verknüpft. Soll {after} an die Stelle treten?',
  replace: 'Ersetzen',
  keep: 'Behalten',
  problemTitle: 'Dieser Link geht nicht',
  unknown: 'Er wurde benutzt, ist abgelaufen oder war nie gültig. Gehen Sie zurück und beginnen Sie neu.',
  other:
    'Er wurde nicht von Ihnen in diesem Browser begonnen. Haben Sie ihn nicht begonnen, will vielleicht jemand, dass Sie ein fremdes Konto verknüpfen.',
  mixed: 'Die Antwort kam nicht von dort, wo sie erwartet wurde. Nichts wurde verknüpft.',
  conflict: 'Inzwischen wurde ein anderes Konto verknüpft. Gehen Sie zurück und beginnen Sie neu.',
};

const FRENCH: Texts = {
  title: 'Comptes liés',
  intro: 'Vos comptes ailleurs, {user}, que des applications peuvent utiliser pour vous :',
  acts: 'Qui en utilise un pour vous agit là-bas en votre nom : {title} ne peut pas savoir qui c’était. Ici, cela figure dans votre activité.',
  none: 'non lié',
  since: 'lié depuis le {date}',
  ended: 'a expiré ; reconnectez-le',
  connect: 'Connecter',
  again: 'Reconnecter',
  unlink: 'Délier',
  linked: '{title} est lié.',
  unlinked: '{title} est délié, et l’accès y a été révoqué.',
  left: '{title} est délié. Nous ne savons pas si l’accès y a pris fin : veuillez vérifier là-bas aussi.',
  failed: '{title} n’a pas été lié.',
  confirmTitle: 'Un autre compte ?',
  confirm: 'Chez {title}, {before} est lié. {after} doit-il le remplacer ?',
  replace: 'Remplacer',
  keep: 'Garder',
  problemTitle: 'Ce lien ne fonctionne pas',
  unknown: 'Il a été utilisé, a expiré ou n’a jamais existé. Revenez en arrière et recommencez.',
  other:
    'Il n’a pas été commencé par vous dans ce navigateur. Si vous ne l’avez pas commencé, quelqu’un veut peut-être vous faire lier un compte qui n’est pas le vôtre.',
  mixed: 'La réponse n’est pas venue d’où elle était attendue. Rien n’a été lié.',
  conflict: 'Un autre compte a été lié entre-temps. Revenez en arrière et recommencez.',
};

const LANGUAGES: Readonly<Record<string, Texts>> = { en: ENGLISH, de: GERMAN, fr: FRENCH };

/** What the pages of the vault say, in the language of the view where it ships with them. */
export function say(
  view: PageView,
  key: keyof Texts,
  values: Readonly<Record<string, VNode | string>> = {},
): (VNode | string)[] {
  return words(view, key)
    .split(/\{([^{}]*)\}/)
    .map((part, index) => (index % 2 === 1 ? (values[part] ?? '') : part))
    .filter((part) => part !== '');
}

/** As text alone, with its `{names}`. */
export function words(view: PageView, key: keyof Texts): string {
  return (LANGUAGES[view.language.tag] ?? ENGLISH)[key];
}
