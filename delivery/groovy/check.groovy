import groovy.json.JsonOutput
import groovy.json.JsonSlurper

// Reads Jenkinsfiles. With file names it says what is wrong in them, and exits with 1 where anything is. Without, it reads
// questions as JSON from standard input, [{"file": …, "run": {…}}], and answers each as JSON: what is wrong, which
// plugins it needs, and what a run does (Simulation says what a run is).

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
