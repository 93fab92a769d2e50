import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.ListExpression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.PropertyExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.EmptyStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.ReturnStatement
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.Phases

/**
 * Reads a Jenkinsfile as Jenkins's own validator does, from its syntax tree and without running it, and says what is
 * wrong with it, line by line. It is stricter: it knows only the words in Words, wants a script of sh in single quotes,
 * and a timeout around every step of a stage.
 */
class Structure {

    final List<String> errors = []
    /** The steps, options and bindings met, each with the plugin that brings it. */
    final Map<String, String> plugins = new TreeMap<>()
    private final Set<String> stageNames = []
    private final Set<String> methods = []

    static Structure of(String text) {
        Structure structure = new Structure()
        CompilationUnit unit = new CompilationUnit()
        unit.addSource('Jenkinsfile', text)
        try {
            unit.compile(Phases.CONVERSION)
            structure.module(unit.AST.modules[0])
        } catch (MultipleCompilationErrorsException e) {
            e.errorCollector.errors.each { structure.errors << "line ${it.cause.line}: ${it.cause.originalMessage}".toString() }
        }
        structure
    }

    private void wrong(ASTNode where, String what) {
        errors << "line ${where.lineNumber}: ${what}".toString()
    }

    /** One call such as `stage('Lint') { … }`, taken apart. */
    private static class Call {
        ASTNode node
        String name
        List<Expression> positional = []
        Map<String, Expression> named = [:]
        ClosureExpression block
    }

    private Call takeApart(Expression expression) {
        if (!(expression instanceof MethodCallExpression) || !expression.implicitThis || !(expression.method instanceof ConstantExpression)) {
            return null
        }
        Call call = new Call(node: expression, name: expression.methodAsString)
        List<Expression> arguments = expression.arguments instanceof TupleExpression ? expression.arguments.expressions : [expression.arguments]
        arguments.eachWithIndex { Expression argument, int i ->
            if (argument instanceof ClosureExpression && i == arguments.size() - 1) {
                call.block = argument
            } else if (argument instanceof MapExpression && i == 0 && !(argument.lineNumber > 0 && argument.text.startsWith('[:]'))) {
                argument.mapEntryExpressions.each { call.named[it.keyExpression.text] = it.valueExpression }
            } else {
                call.positional << argument
            }
        }
        call
    }

    /** The statements of a block, each of which must be a call; what is not is reported. */
    private List<Call> calls(ClosureExpression block, String where) {
        statements(block).collect { Statement statement ->
            Expression expression = statement instanceof ExpressionStatement || statement instanceof ReturnStatement ? statement.expression : null
            Call call = expression == null ? null : takeApart(expression)
            if (call == null) {
                wrong(statement, "${where} holds something that is no ${where.startsWith('steps') ? 'step' : 'section'}: " +
                    'conditions, loops and variables belong into script { }')
            }
            call
        }.findAll()
    }

    private static List<Statement> statements(ClosureExpression block) {
        (block.code instanceof BlockStatement ? block.code.statements : [block.code]).findAll { !(it instanceof EmptyStatement) }
    }

    private void module(ModuleNode module) {
        module.methods.each { methods << it.name }
        List<Statement> top = module.statementBlock.statements.findAll { !(it instanceof EmptyStatement) }
        if (module.classes.any { !it.script }) {
            wrong(module.classes.find { !it.script }, 'a Jenkinsfile holds no classes')
        }
        List<Call> calls = top.collect { it instanceof ExpressionStatement || it instanceof ReturnStatement ? takeApart(it.expression) : null }
        if (calls.size() != 1 || calls[0]?.name != 'pipeline' || calls[0].block == null) {
            wrong(top ? top[0] : module, 'a Jenkinsfile is one pipeline { } block, and methods after it')
            return
        }
        pipeline(calls[0].block)
        module.methods.each { script(it.code) }
    }

    /** Reads a block of sections, each at most once, and gives them by name. */
    private Map<String, Call> sections(ClosureExpression block, String where, List<String> known, List<String> needed) {
        Map<String, Call> found = [:]
        calls(block, where).each { Call call ->
            if (!(call.name in known)) {
                wrong(call.node, "${where} knows no section '${call.name}'; it knows ${known.join(', ')}")
            } else if (found.containsKey(call.name)) {
                wrong(call.node, "${where} has '${call.name}' twice")
            } else {
                found[call.name] = call
                if (call.name != 'agent' && call.name != 'failFast' && call.block == null) {
                    wrong(call.node, "'${call.name}' of ${where} takes a block: ${call.name} { … }")
                    found.remove(call.name)
                }
            }
        }
        needed.findAll { !found.containsKey(it) }.each { wrong(block, "${where} has no '${it}'") }
        found
    }

    private void pipeline(ClosureExpression block) {
        Map<String, Call> found = sections(block, 'pipeline',
            ['agent', 'environment', 'options', 'parameters', 'post', 'stages', 'tools', 'triggers'], ['agent', 'stages'])
        found.findAll { it.key in ['parameters', 'tools', 'triggers'] }.each { name, call ->
            wrong(call.node, "'${name}' is not for this pipeline: the multibranch job's webhook starts it, and the agent has the tools")
        }
        boolean timed = false
        if (found.agent) {
            agent(found.agent)
        }
        if (found.options) {
            timed = options(found.options.block, 'the options of pipeline', Words.OPTIONS)
        }
        if (!timed) {
            wrong(block, 'pipeline has no timeout in its options')
        }
        if (found.environment) {
            environment(found.environment.block)
        }
        if (found.stages) {
            stages(found.stages.block, 'stages', false, false)
        }
        if (found.post) {
            post(found.post.block, 'pipeline')
        }
    }

    private void agent(Call call) {
        if (call.block == null) {
            if (call.positional.size() != 1 || !(call.positional[0] instanceof VariableExpression) || !(call.positional[0].name in ['any', 'none'])) {
                wrong(call.node, "an agent is any, none, or { label '…' }")
            }
            return
        }
        List<Call> inside = calls(call.block, 'agent')
        if (inside.size() != 1 || inside[0].name != 'label' || inside[0].positional.size() != 1 || !text(inside[0].positional[0])) {
            wrong(call.node, "an agent is any, none, or { label '…' }")
        }
    }

    private void stages(ClosureExpression block, String where, boolean inParallel, boolean timed) {
        List<Call> calls = calls(block, where)
        if (!calls) {
            wrong(block, "${where} holds no stage")
        }
        calls.each { Call call ->
            if (call.name != 'stage' || call.block == null || call.positional.size() != 1 || !text(call.positional[0])) {
                wrong(call.node, "${where} holds '${call.name}'; it holds stage('Name') { … } and nothing else")
            } else {
                stage(call, inParallel, timed)
            }
        }
    }

    private void stage(Call call, boolean inParallel, boolean timedAbove) {
        String name = call.positional[0].text
        String where = "stage '${name}'"
        if (!stageNames.add(name)) {
            wrong(call.node, "two stages are named '${name}'")
        }
        Map<String, Call> found = sections(call.block, where,
            ['agent', 'environment', 'failFast', 'options', 'parallel', 'post', 'stages', 'steps', 'when'], [])
        List<String> bodies = ['steps', 'stages', 'parallel'].findAll { found.containsKey(it) }
        if (bodies.size() != 1) {
            wrong(call.node, "${where} has ${bodies ? bodies.join(' and ') : 'no body'}; it has exactly one of steps, stages and parallel")
        }
        if (found.agent) {
            agent(found.agent)
            if (found.parallel) {
                wrong(found.agent.node, "${where} has parallel stages, so it has no agent of its own")
            }
        }
        if (found.failFast && !found.parallel) {
            wrong(found.failFast.node, "failFast of ${where} needs parallel")
        }
        boolean timed = timedAbove
        if (found.options) {
            timed = options(found.options.block, "the options of ${where}", Words.STAGE_OPTIONS) || timed
        }
        if (found.environment) {
            environment(found.environment.block)
        }
        if (found.when) {
            when(found.when.block, "when of ${where}", true)
        }
        if (found.steps) {
            if (!timed) {
                wrong(call.node, "${where} has no timeout in its options")
            }
            steps(found.steps.block, "steps of ${where}")
        }
        if (found.stages) {
            stages(found.stages.block, "stages of ${where}", inParallel, timed)
        }
        if (found.parallel) {
            if (inParallel) {
                wrong(found.parallel.node, "${where} is in parallel already; parallel does not nest")
            }
            stages(found.parallel.block, "parallel of ${where}", true, timed)
        }
        if (found.post) {
            post(found.post.block, where)
        }
    }

    /** Gives whether a timeout is among the options. */
    private boolean options(ClosureExpression block, String where, Map words) {
        Set<String> seen = []
        calls(block, where).each { Call call ->
            if (!words.containsKey(call.name)) {
                wrong(call.node, "${where} know no '${call.name}'; they know ${words.keySet().sort().join(', ')}")
                return
            }
            if (!seen.add(call.name)) {
                wrong(call.node, "${where} have '${call.name}' twice")
            }
            plugins[call.name] = words[call.name].plugin
            parameters(call, words[call.name], false)
        }
        'timeout' in seen
    }

    private void environment(ClosureExpression block) {
        statements(block).each { Statement statement ->
            Expression expression = statement instanceof ExpressionStatement || statement instanceof ReturnStatement ? statement.expression : null
            if (!(expression instanceof BinaryExpression) || expression.operation.text != '=' || !(expression.leftExpression instanceof VariableExpression)) {
                wrong(statement, 'environment holds NAME = value and nothing else')
            } else if (!text(expression.rightExpression)) {
                wrong(statement, "${expression.leftExpression.name} of environment is no text: write NAME = '…'. " +
                    'A secret is bound by withCredentials around the step that needs it')
            }
        }
    }

    private void when(ClosureExpression block, String where, boolean top) {
        List<Call> calls = calls(block, where)
        List<Call> conditions = calls.findAll { !(it.name in ['beforeAgent', 'beforeInput', 'beforeOptions']) }
        if (!conditions) {
            wrong(block, "${where} has no condition")
        }
        calls.each { Call call ->
            if (call.name in ['beforeAgent', 'beforeInput', 'beforeOptions']) {
                if (!top || call.positional.size() != 1 || !fits(call.positional[0], 'truth')) {
                    wrong(call.node, "${call.name} stands at the top of when and takes true or false")
                }
            } else if (call.name in ['allOf', 'anyOf', 'not']) {
                if (call.block == null) {
                    wrong(call.node, "'${call.name}' of ${where} takes a block of conditions")
                } else {
                    when(call.block, "${call.name} of ${where}", false)
                }
            } else if (call.name == 'expression') {
                if (call.block == null) {
                    wrong(call.node, "'expression' of ${where} takes a block of Groovy")
                } else {
                    script(call.block.code)
                }
            } else if (Words.CONDITIONS.containsKey(call.name)) {
                parameters(call, Words.CONDITIONS[call.name], false)
            } else {
                wrong(call.node, "${where} knows no condition '${call.name}'; it knows ${(Words.CONDITIONS.keySet() + ['allOf', 'anyOf', 'expression', 'not']).sort().join(', ')}")
            }
        }
    }

    private void post(ClosureExpression block, String where) {
        Map<String, Call> found = sections(block, "post of ${where}", Words.POST, [])
        if (!found) {
            wrong(block, "post of ${where} has no condition")
        }
        found.each { name, call -> steps(call.block, "steps in ${name} of ${where}") }
    }

    private void steps(ClosureExpression block, String where) {
        List<Call> calls = calls(block, where)
        if (!calls && !statements(block)) {
            wrong(block, "${where} has no step")
        }
        calls.each { step(it, where) }
    }

    private void step(Call call, String where) {
        if (call.name in methods) {
            return
        }
        Map word = Words.STEPS[call.name]
        if (word == null) {
            wrong(call.node, "${where} has an unknown step '${call.name}'; steps are listed in delivery/groovy/Words.groovy")
            return
        }
        plugins[call.name] = word.plugin
        parameters(call, word, word.holds == true)
        if (call.block != null && word.holds) {
            if (call.name == 'script') {
                script(call.block.code)
            } else {
                steps(call.block, "steps in ${call.name}")
            }
        }
    }

    /** Looks at every call in Groovy code: it must be a step, or a method of the Jenkinsfile. */
    private void script(Statement code) {
        Structure outer = this
        code.visit(new CodeVisitorSupport() {

            @Override
            void visitMethodCallExpression(MethodCallExpression expression) {
                Call call = outer.takeApart(expression)
                if (call == null) {
                    super.visitMethodCallExpression(expression)
                    return
                }
                Map word = Words.STEPS[call.name]
                if (word == null || call.name in outer.methods) {
                    outer.step(call, 'script')
                    super.visitMethodCallExpression(expression)
                    return
                }
                outer.plugins[call.name] = word.plugin
                outer.parameters(call, word, word.holds == true)
                call.block?.code?.visit(this)
            }

        })
    }

    private void parameters(Call call, Map word, boolean holds) {
        String what = "'${call.name}'"
        if (holds && call.block == null) {
            wrong(call.node, "${what} takes a block")
        } else if (!holds && call.block != null) {
            wrong(call.node, "${what} takes no block")
        }
        Map<String, Expression> given = new LinkedHashMap<>(call.named)
        if (call.positional) {
            if (call.positional.size() > 1 || word.alone == null || call.named) {
                wrong(call.node, "${what} takes its parameters by name: ${word.takes ? word.takes.keySet().join(', ') : 'it has none'}")
                return
            }
            given[word.alone] = call.positional[0]
        }
        named(call.node, what, given, word.takes, word.needs ?: [])
    }

    private void named(ASTNode node, String what, Map<String, Expression> given, Map types, List needs) {
        given.each { name, value ->
            if (!types.containsKey(name)) {
                wrong(value, "${what} has no parameter '${name}'; it has ${types.keySet().join(', ') ?: 'none'}")
            } else if (!fits(value, types[name])) {
                wrong(value, "${what} has ${name}: ${value.text}, which is not ${describe(types[name])}")
            }
        }
        needs.findAll { !given.containsKey(it) }.each { wrong(node, "${what} needs '${it}'") }
    }

    private static String describe(Object type) {
        if (type instanceof List) {
            return 'one of ' + type.join(', ')
        }
        if (type instanceof Map) {
            return type.list ? 'a list' : type.map ? 'a map' : 'a call of ' + type.calls.keySet().join(' or ')
        }
        [text: 'text', literal: 'text in single quotes', whole: 'a whole number', number: 'a number', truth: 'true or false'][type]
    }

    private static boolean text(Expression value) {
        value instanceof GStringExpression || (value instanceof ConstantExpression && value.value instanceof String)
    }

    private boolean fits(Expression value, Object type) {
        boolean later = value instanceof VariableExpression || value instanceof PropertyExpression // known when it runs
        if (type instanceof List) {
            return later || (value instanceof ConstantExpression && value.value in type)
        }
        if (type instanceof Map && type.list) {
            return value instanceof ListExpression && value.expressions && value.expressions.every { fits(it, type.list) }
        }
        if (type instanceof Map && type.map) {
            if (!(value instanceof MapExpression)) {
                return false
            }
            named(value, 'a map', value.mapEntryExpressions.collectEntries { [(it.keyExpression.text): it.valueExpression] }, type.map, type.needs ?: [])
            return true
        }
        if (type instanceof Map) {
            Call call = takeApart(value)
            Map word = call == null ? null : type.calls[call.name]
            if (word == null) {
                return false
            }
            if (word.plugin) {
                plugins[call.name] = word.plugin
            }
            parameters(call, word, false)
            return true
        }
        Object constant = value instanceof ConstantExpression ? value.value : null
        switch (type) {
            case 'literal': return constant instanceof String
            case 'text': return text(value) || later
            case 'whole': return constant instanceof Integer && constant > 0
            case 'number': return constant instanceof Number
            case 'truth': return constant instanceof Boolean
        }
        false
    }

}
