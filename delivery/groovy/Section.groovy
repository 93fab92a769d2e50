/** Collects the calls of a section of a Jenkinsfile, such as the stages of `stages { … }`, without doing anything. */
class Section {

    final List<List> calls = []
    private final Map names

    /** The names are variables that the section may read. Any other is a word such as `any`, and stands for itself. */
    Section(Map names) {
        this.names = names
    }

    Object methodMissing(String name, Object arguments) {
        List call = [name, arguments as List]
        calls << call
        call
    }

    Object propertyMissing(String name) {
        names.containsKey(name) ? names[name] : name
    }

    /** The block of a section in this one, null where it has none of that name. */
    Closure block(String name) {
        calls.find { it[0] == name }?.getAt(1)?.last() as Closure
    }

}
