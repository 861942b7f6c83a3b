import { hash } from 'node:crypto';
import { isLoopbackUrl } from './loopback.js';

/** SHA-256, base64url, of every secret, password hash and key in this repository: everybody knows them. */
const SHIPPED: ReadonlySet<string> = new Set([
  '-bAHi131ltLqGQEMABu9AJ5lHeLFfo-341XzHrnT9zk',
  '-jKWh3Ko7j-9b4QmROIQ6NJ9J6yXdC_n8ZEHePw_oh0',
  '-ruobxo2AKJMFnPMPlGfUTkPI8oyWyqqwsUGbXIEfkw',
  '2QuJ6B4Q0STOv2XLItHVtcHBT50kilj9nHDMHjHbrn4',
  '5s8aIp-cW54c081lYydlFsnYEMpQL781YAxIj_Hy4GM',
  '7DHF880SYgu306cKiEqU7jh5nhiwiJ4lywtuxyGI0Kc',
  '7Fhbe-KGpQiNhoevTOAn84nNCY4rsN7odtVSH6RGj1k',
  '9NCnrNK_s9zDJGfHmTlCHBf1KFOV05xAr5F140IQr0I',
  '9S-9MrKzuG_4jvbEkGKChfSCrxXdyylUH5S89Saj9sc',
  '9kLRxl8ZOUHCexlVoHMaIbV5u5cUHIBWXFLp_TPXCZg',
  'Ajwv3-7IdCbiQ-HbAt-k2PmhcRlEdWHU1gzMExe_hF8',
  'BDpxh3TFcr2KJa2-sb_NXAJWrhHOz5-cP5JdDlK-r4k',
  'Byip7ksnHW-5Rix7t-kzI9jxsB1xhtLMEIATqEe_mNg',
  'EIhGtZ74nRcYafH2wfrtb1ITPA6Uv_95NVPU8a8pELA',
  'ERE6z_XEzmHOeDmyXdBig9eYRTiajywGJXDtwA3tKzg',
  'EVB6Di9eadXfpApiob17buV-a82FxnybhDGzb_8hxDc',
  'FajGcqeHGF5QpkKjpHzRo4n316hP-0ogCmR7hKwjCrA',
  'HsHCa1DV08WNlYMYGvgHZlX-AHVr9yhZQLo2cPmfy6A',
  'K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols',
  'KsmVUk05dhAbh-__2xbVm5wDtw1qypQYFnHfKt0MJbg',
  'LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE',
  'MqsQgqBASFtgQ6_ikRKPRuHR_kQkam3hMg6El1D-YMg',
  'NHgme1YSeRtAmIkGs6eJfrarUB4EuV7TL5nQr99mnZw',
  'NNj5VXURGDpLXza8kaVNQzybMseIaE3PuHZkZCJ9M90',
  'P9MFQv4_YbFL1KSy3Atvsw-m9j685S3Rd4qqjE3ALP8',
  'PBhA_XJml0NtuecSJgBuX8Hlf94Kg1IISd9q3iKd4l0',
  'PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A',
  'PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0',
  'QsMhv0l5e1t6vn3wr-k8gvAo4nL82qde50H08JF_Qho',
  'RBxwJyVMoF0yLOHfZkQrWD7pWT7I0N4I1_skb4QEQF0',
  'SK87iuweLc2Dwglg1TbTPUsRreB0EsJSw0FzXaTf7rw',
  'U8dNoL3ewiQ4rEDtvZHoBuvV0QiSEReA7AjcwoCjtvs',
  'UBMWEq9BzYLKJHc_4E6ktf-1Jn3ReHbacqWxlbO07ZE',
  'UT3ufe2IQ_c5HcyqPWjX8vQi0SxIXrS7xEjFvrKY0uo',
  'VSVEwxIdp4DoNDIY1P_03tfMkqTJIfD1nlxVsMtXPxs',
  'WVRCR1Ec7aA9LkHZu76cO3179yed5rZ_dfD6lQ1cWNI',
  'aMmqaKvTcRz6SwNILJoajRTUhJS7OAbi3ozivs-HKIo',
  'arJqvZoyD3j1HfrgBgIChK4oycBqOxhdQT0oO_BroYk',
  'bh3sZM6VZIjLwITdx6fjTg7tfaieGAvIQNqOdKcYM9Y',
  'bx-CbIgFcZRyjc327BVAJiyOilawkbIavWOCB7_dHEw',
  'eJ-HgfH6rDWLm4SkCTeMSke_jqP7u3c0NrKdPODNjzE',
  'ekJ6qaQ_vTnxJtNYNo3brI9hdQrYLfHQliY9FfgBP0o',
  'hPnpRfFl1itJRVpumQDsNaQoB29Xo3jhhDew-Ur6jlo',
  'iBCtWB5Z8rw5KLJhcHpxMI9-E56wSCA2bcTVwY2YAiU',
  'kaek2YWNZCrjvZWa4KPy4ktOVXcUIl781B_d6xP-WIg',
  'l4AvxXDcP54eXepNdsaTc_MDgtgP_Fhi1KhZE9nBs8A',
  'mH8n9KbMJfIRFumxwQ-h7gTuBLmhR2DEamaGT9ctNdM',
  'nCrwonHWhoXdKfbTx7V9SIr3DMv2hkjKNPnAb1K3X7k',
  'pmWkWSBCL51Bfkhn79xPuKBKHz__H6B-mY6G9_eieuM',
  'rkSKyGxOjk3sZFcpcI70GHOuecbf-E7_czYJiUh_COU',
  'tNh1JDk7Red5PiPxkuaoWhC65vsmeemWp6y4ymC0yI0',
  'uWO2huvsxWcOzUlNT1kVoD7F8oNtoDv6W42-CWyiJEA',
  'whRVZHFK1mDfx7Bvas7Gts5Iw96RFwlUrSDuxogKkSU',
  'y7j3c_k3OXArs-KW9cbT9syDWjPk3PDh--Ei-tmQrzc',
  'yUSbPyBJrTl4KzTAwb3iAEqU7UY69lgNoNa8JeovMBM',
  'ydADa-1nRLzfaS_JgNhxfX5fWk9Ogma0qEmCYC-xzQk',
]);

/** Whether a secret stands in the repository of this project: in its demo, its documents or its tests. */
export function isShippedSecret(secret: string): boolean {
  return SHIPPED.has(hash('sha256', secret, 'base64url'));
}

/** Whether a secret keeps others out, given where the issuer is: what ships with the project does so on this machine only. */
export function isSecretFor(issuer: string, secret: string): boolean {
  return isLoopbackUrl(issuer) || !isShippedSecret(secret);
}
