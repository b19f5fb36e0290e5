package ecs

import (
	"slices"
	"strings"
)

// Nova answers in the language that the request or its own configuration names. Codes are the same in all of them, but a lock and a
// resize that is being confirmed have no code of their own. These are the words of Nova's translations.

// saysLocked reports whether the message of a 409 says that the server is locked.
func saysLocked(message string) bool {
	return containsAny(message,
		" is locked", "je uzamčena", "ist gesperrt", "está bloqueada", "est verrouillée", "è bloccata", "はロックされています",
		"잠겼음", "заблокирован", "kilitli", "已锁定", "已鎖定")
}

// saysNotResized reports whether the message of a 400 says that there is no resize to revert.
func saysNotResized(message string) bool {
	return containsAny(message,
		"Instance has not been resized", "Instanci nebyla změněna velikost", "Instanzgröße wurde nicht angepasst",
		"La instancia no se ha redimensionado", "L'instance n'a pas été redimensionnée", "L'istanza non è stata ridmensionata",
		"インスタンスのサイズ変更が行われていません", "인스턴스 크기가 조정되지 않았습니다", "A instância não foi redimensionada",
		"С копией не производилось изменение размера", "Örnek tekrar boyutlandırılacak şekilde ayarlanmadı",
		"实例还没有调整大小", "尚未調整實例大小")
}

func containsAny(text string, phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(text, phrase) })
}
