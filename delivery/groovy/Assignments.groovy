/** Takes the assignments of `environment { … }` into the environment. */
class Assignments {

    private final Map env

    Assignments(Map env) {
        this.env = env
    }

    Object propertyMissing(String name) {
        name == 'env' ? env : env[name]
    }

    void propertyMissing(String name, Object value) {
        env[name] = value.toString()
    }

}
