import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

// Reads Jenkinsfiles. With file names it says what is wrong in them, and exits with 1 where anything is. Without, it reads
// questions as JSON from standard input, [{"file": …, "run": {…}}], and answers each as JSON: what is wrong, which
// plugins it needs, and what a run does (Simulation says what a run is).

// With --job and the script of a job, it runs that as the plugin job-dsl would, and prints each setting as path=value.

if (args && args[0] == '--job') {
    Closure walk
    walk = { Closure block, String path ->
        Section section = new Section([:])
        Closure copy = block.clone() as Closure
        copy.delegate = section
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        copy.call()
        section.calls.each { List call ->
            List given = call[1] as List
            if (given && given.last() instanceof Closure) {
                walk(given.last(), "${path}/${call[0]}")
            } else {
                println "${path}/${call[0]}=${given.join(',')}"
            }
        }
    }
    Map job = [step: { String name, List given -> walk(given.last(), "${name}(${given.init().join(',')})") }]
    CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: JenkinsfileScript.name)
    new GroovyShell(this.class.classLoader, new Binding(simulation: job), configuration).evaluate(new File(args[1]))
    return
}

if (args) {
    int found = 0
    args.each { String name ->
        Structure.of(new File(name).text).errors.each {
            println "${name}: ${it}"
            found++
        }
    }
    System.exit(found ? 1 : 0)
}

println JsonOutput.toJson(new JsonSlurper().parse(System.in).collect { question ->
    String text = new File(question.file).text
    Structure structure = Structure.of(text)
    Map answer = [file: question.file, errors: structure.errors, plugins: structure.plugins]
    if (question.run != null && !structure.errors) {
        answer.run = new Simulation(question.run).of(text)
    }
    answer
})
