import org.codehaus.groovy.control.CompilerConfiguration

/**
 * Runs a Jenkinsfile whose Structure is sound, as Jenkins's interpreter of Declarative does: stages in order, a failure
 * skips what follows, post conditions in their own order, wrappers around what they wrap. Steps do nothing; each is
 * recorded with its stage, what it is wrapped in, and the names of the secrets it can see. The run says what happens:
 *
 *   branch    the branch that is built
 *   previous  the result of the build before, null for the first
 *   fails     scripts of sh, or names of steps, that fail
 *   hangs     scripts of sh that do not end: the nearest timeout aborts the build
 *   marks     {step: result}: steps that mark the build and let it go on, as junit and recordCoverage do
 */
class Simulation {

    private static final List WORSE = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    private final Map run
    private final List<Map> trace = []
    private final List<List> states = []
    private final Build currentBuild = new Build()
    private final Map env = [WORKSPACE: '/agent/workspace', WORKSPACE_TMP: '/agent/workspace@tmp']
    private final List<String> within = []
    private final Set<String> secrets = new TreeSet<>()
    private String stage = 'pipeline'
    private boolean skipUnstable
    private Script jenkinsfile

    Simulation(Map run) {
        this.run = run
        env.BRANCH_NAME = run.branch
    }

    /** What currentBuild is to a Jenkinsfile. */
    static class Build {
        String result = 'SUCCESS'

        String getCurrentResult() {
            result
        }

        void mark(String with) {
            result = WORSE.indexOf(with) > WORSE.indexOf(result) ? with : result
        }
    }

    private static class Stopped extends RuntimeException {
        String result
    }

    Map of(String text) {
        Binding binding = new Binding(simulation: this, env: env, currentBuild: currentBuild)
        CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: JenkinsfileScript.name)
        jenkinsfile = new GroovyShell(this.class.classLoader, binding, configuration).parse(text, 'Jenkinsfile')
        jenkinsfile.run()
        [result: currentBuild.result, stages: states, trace: trace]
    }

    /** Runs a block so that the names in it mean what they mean to the delegate. */
    private static Object ask(Closure block, Object delegate) {
        Closure copy = block.clone() as Closure
        copy.delegate = delegate
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        copy.call()
    }

    private Section read(Closure block) {
        Section section = new Section(env: env, currentBuild: currentBuild)
        ask(block, section)
        section
    }

    /** A step of the Jenkinsfile, or its `pipeline { }`. */
    Object step(String name, List arguments) {
        if (name == 'pipeline') {
            pipeline(arguments[0] as Closure)
            return null
        }
        if (Words.BINDINGS.containsKey(name)) {
            return arguments[0] // the argument of withCredentials, which names secrets and does nothing
        }
        Closure block = arguments && arguments.last() instanceof Closure ? arguments.last() as Closure : null
        List given = block == null ? arguments : arguments.init()
        if (!(name in ['script', 'withCredentials', 'withEnv', 'catchError'])) {
            trace << [stage: stage, step: name, given: given, within: within.clone(), secrets: secrets.toList(),
                      result: currentBuild.result, environment: env.clone()]
        }
        String script = name == 'sh' ? (given[0] instanceof Map ? given[0].script : given[0]) : name
        if (script in (run.hangs ?: [])) {
            if (!within.any { it.startsWith('timeout') }) {
                throw new IllegalStateException("${script} hangs, and no timeout is around it")
            }
            throw new Stopped(result: 'ABORTED')
        }
        if (script in (run.fails ?: [])) {
            throw new Stopped(result: 'FAILURE')
        }
        if (run.marks?.containsKey(script)) {
            currentBuild.mark(run.marks[script])
        }
        if (block == null) {
            return null
        }
        switch (name) {
            case 'catchError':
                try {
                    block.call()
                } catch (Stopped e) {
                    currentBuild.mark(given[0]?.buildResult ?: 'FAILURE')
                }
                break
            case 'withEnv':
                Map before = env.clone()
                given[0].each { String pair -> env[pair.toString().split('=', 2)[0]] = pair.toString().split('=', 2)[1] }
                block.call()
                env.clear()
                env.putAll(before)
                break
            case 'withCredentials':
                List names = given[0].collectMany { it.findAll { key, value -> key.toLowerCase().endsWith('variable') }.values() }
                secrets.addAll(names)
                try {
                    inside("withCredentials(${given[0]*.credentialsId.join(' ')})", block)
                } finally {
                    secrets.removeAll(names)
                }
                break
            case 'script':
                block.call()
                break
            default:
                inside(wrapper(name, given), block)
        }
        null
    }

    private static String wrapper(String name, List given) {
        "${name}(${given.collect { it instanceof Map ? it.values().join(' ') : it }.join(' ')})".toString()
    }

    private void inside(String wrapper, Closure block) {
        within << wrapper.toString()
        try {
            block.call()
        } finally {
            within.pop()
        }
    }

    private void wrapped(List<String> wrappers, Closure block) {
        wrappers ? inside(wrappers[0]) { wrapped(wrappers.tail(), block) } : block.call()
    }

    private void environment(Closure block, Closure body) {
        Map before = env.clone()
        if (block != null) {
            ask(block, new Assignments(env))
        }
        try {
            body.call()
        } finally {
            env.clear()
            env.putAll(before)
        }
    }

    private void pipeline(Closure block) {
        Section section = read(block)
        List options = section.block('options') == null ? [] : read(section.block('options')).calls
        skipUnstable = options.any { it[0] == 'skipStagesAfterUnstable' }
        List wrappers = options.findAll { it[0] in Words.STAGE_OPTIONS }.collect { wrapper(it[0], it[1]) }
        wrapped(wrappers) {
            environment(section.block('environment')) {
                try {
                    stages(section.block('stages'))
                } catch (Stopped e) {
                    currentBuild.mark(e.result)
                }
                stage = 'post'
                try {
                    post(section.block('post'), currentBuild.result)
                } catch (Stopped e) {
                    currentBuild.mark(e.result)
                }
            }
        }
    }

    private void stages(Closure block) {
        Stopped first = null
        read(block).calls.each { List call ->
            if (first != null || (skipUnstable && currentBuild.result == 'UNSTABLE')) {
                states << [call[1][0], 'skipped']
                return
            }
            try {
                stageOf(call[1][0], call[1][1])
            } catch (Stopped e) {
                first = first ?: e
            }
        }
        if (first != null) {
            throw first
        }
    }

    private void stageOf(String name, Closure block) {
        Section section = read(block)
        String outer = stage
        environment(section.block('environment')) {
            if (section.block('when') != null && !holds(read(section.block('when')).calls)) {
                states << [name, 'not for this build']
                return
            }
            List options = section.block('options') == null ? [] : read(section.block('options')).calls
            wrapped(options.collect { wrapper(it[0], it[1]) }) {
                stage = name
                List state = [name, 'SUCCESS']
                states << state
                try {
                    body(section)
                } catch (Stopped e) {
                    currentBuild.mark(e.result)
                    state[1] = e.result
                }
                stage = name
                try {
                    post(section.block('post'), state[1])
                } catch (Stopped e) {
                    currentBuild.mark(e.result)
                    state[1] = state[1] == 'SUCCESS' ? e.result : state[1]
                }
                stage = outer
                if (state[1] != 'SUCCESS') {
                    throw new Stopped(result: state[1])
                }
            }
        }
    }

    private void body(Section section) {
        if (section.block('steps') != null) {
            ask(section.block('steps'), jenkinsfile)
        } else if (section.block('stages') != null) {
            stages(section.block('stages'))
        } else {
            Stopped first = null
            read(section.block('parallel')).calls.each { List call ->
                try {
                    stageOf(call[1][0], call[1][1])
                } catch (Stopped e) {
                    first = first ?: e
                }
            }
            if (first != null) {
                throw first
            }
        }
    }

    private boolean holds(List<List> conditions) {
        conditions.every { List condition ->
            List given = condition[1]
            switch (condition[0]) {
                case ['beforeAgent', 'beforeInput', 'beforeOptions']: return true
                case 'branch': return env.BRANCH_NAME == (given[0] instanceof Map ? given[0].pattern : given[0])
                case 'environment': return env[given[0].name] == given[0].value
                case 'allOf': return holds(read(given[0]).calls)
                case 'anyOf': return read(given[0]).calls.any { holds([it]) }
                case 'not': return !holds(read(given[0]).calls)
                case 'expression': return ask(given[0], jenkinsfile) as boolean
            }
            throw new IllegalStateException("the simulation does not know the condition '${condition[0]}'")
        }
    }

    private void post(Closure block, String result) {
        if (block == null) {
            return
        }
        Section section = read(block)
        Stopped first = null
        Words.POST.each { String condition ->
            Closure steps = section.block(condition)
            if (steps != null && meets(condition, result)) {
                try {
                    ask(steps, jenkinsfile)
                } catch (Stopped e) {
                    first = first ?: e
                }
            }
        }
        if (first != null) {
            throw first
        }
    }

    private boolean meets(String condition, String result) {
        boolean good = result == 'SUCCESS'
        boolean wasGood = run.previous == 'SUCCESS'
        switch (condition) {
            case ['always', 'cleanup']: return true
            case 'changed': return run.previous != null && run.previous != result
            case 'fixed': return good && run.previous in ['UNSTABLE', 'FAILURE']
            case 'regression': return wasGood && !good
            case 'unsuccessful': return !good
            case 'success': return good
            case 'unstable': return result == 'UNSTABLE'
            case 'failure': return result == 'FAILURE'
            case 'aborted': return result == 'ABORTED'
        }
        false
    }

}
