"""What the sign-in page says, in the two languages of those who develop."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "lang": "en",
    "title": "Sign in",
    "about": "This page is part of the local stack. In the cloud it asks for a password and a code "
    "of an authenticator app; here you only say who you are.",
    "who": "Who are you?",
    "nobody": "There are no officers yet. Appoint the first two: make first-admins",
    "refused": "{username} cannot sign in: there is no such active officer.",
    "no_way_back": "This sign-in cannot be completed",
    "no_way_back_why": "Its client or its redirect address is not the registered one. Open the "
    "console at the address that “make run” shows.",
    "signed_out": "You are signed out",
    "other_language": "中文",
}

CHINESE: Mapping[str, str] = {
    "lang": "zh-CN",
    "title": "登录",
    "about": "本页属于本地环境。在云端，登录需要密码和身份验证器应用的验证码；"
    "在这里只需选择您的身份。",
    "who": "您是哪一位？",
    "nobody": "还没有警员。请先任命最初的两位管理员：make first-admins",
    "refused": "{username} 无法登录：没有这名在职警员。",
    "no_way_back": "无法完成本次登录",
    "no_way_back_why": "客户端或返回地址与登记的不一致。请用“make run”显示的地址打开控制台。",
    "signed_out": "您已退出登录",
    "other_language": "English",
}


def texts_for(lang: str, accepted: str) -> Mapping[str, str]:
    """Return the texts in the language of the parameter `lang`, which Cognito's pages have too, or
    else in that of `Accept-Language`.
    """
    wanted = (lang or accepted).strip().lower()
    return CHINESE if wanted.startswith("zh") else ENGLISH
