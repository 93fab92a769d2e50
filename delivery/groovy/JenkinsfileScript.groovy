/** The class that a Jenkinsfile is compiled to: a name that it does not know is a step. */
abstract class JenkinsfileScript extends Script {

    Object methodMissing(String name, Object arguments) {
        binding.getVariable('simulation').step(name, arguments as List)
    }

}
