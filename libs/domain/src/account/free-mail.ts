/** Whether anybody can have an address there: such a domain says nothing about a company. Lower case. */
export const isFreeMail = (domain: string): boolean => families.test(domain) || domains.has(domain)

/** Providers with a domain in many countries. */
const families = /^(yahoo|hotmail|outlook|live|gmx|yandex)\.(com?\.)?[a-z]{2,3}$/

const domains: ReadonlySet<string> = new Set(
  `gmail.com googlemail.com msn.com passport.com ymail.com rocketmail.com aol.com aim.com icloud.com me.com mac.com
   proton.me protonmail.com pm.me tutanota.com tuta.io hey.com fastmail.com fastmail.fm zohomail.com mail.com email.com
   inbox.com hushmail.com web.de t-online.de freenet.de arcor.de posteo.de mailbox.org bluewin.ch a1.net orange.fr wanadoo.fr
   free.fr sfr.fr laposte.net neuf.fr libero.it virgilio.it tiscali.it alice.it telenet.be skynet.be ziggo.nl kpnmail.nl
   btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net comcast.net att.net verizon.net sbcglobal.net
   bellsouth.net cox.net charter.net earthlink.net juno.com rogers.com shaw.ca sympatico.ca bigpond.com optusnet.com.au
   xtra.co.nz uol.com.br bol.com.br terra.com.br ig.com.br mail.ru inbox.ru list.ru bk.ru rambler.ru ukr.net seznam.cz
   centrum.cz wp.pl o2.pl onet.pl interia.pl abv.bg qq.com foxmail.com 163.com 126.com yeah.net sina.com sohu.com naver.com
   hanmail.net daum.net nate.com rediffmail.com`.split(/\s+/),
)
