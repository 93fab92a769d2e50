/**
 * The words of Declarative Pipeline that a Jenkinsfile here may use: sections, options, conditions and steps, with
 * their parameters and the plugin that brings them. What is not listed is refused, so a new step is looked up in the
 * plugin's own reference before it is written here. Sources: the Pipeline Syntax page and the Pipeline Steps Reference
 * of Jenkins (jenkins.io/doc/book/pipeline/syntax, jenkins.io/doc/pipeline/steps).
 *
 * A type is a word ('text', 'literal', 'whole', 'number', 'truth', 'any'), a list of allowed words, [list: type],
 * [map: parameters, needs: names], or [calls: words]: calls such as the bindings of withCredentials.
 */
class Words {

    static final List UNITS = ['NANOSECONDS', 'MICROSECONDS', 'MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS']
    static final List RESULTS = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    static final Map TIMEOUT = [takes: [time: 'whole', unit: UNITS, activity: 'truth'], needs: ['time', 'unit'],
                                plugin: 'workflow-basic-steps']
    static final Map RETRY = [takes: [count: 'whole'], alone: 'count', needs: ['count'], plugin: 'workflow-basic-steps']
    static final Map LOCK = [takes: [resource: 'text', label: 'text', quantity: 'whole', variable: 'text',
                                     inversePrecedence: 'truth'],
                             alone: 'resource', needs: ['resource'], plugin: 'lockable-resources']
    static final Map TIMESTAMPS = [takes: [:], plugin: 'timestamper']

    /** Options of the pipeline. */
    static final Map OPTIONS = [
        buildDiscarder: [takes: [strategy: [calls: [
            logRotator: [takes: [numToKeepStr: 'text', daysToKeepStr: 'text',
                                 artifactNumToKeepStr: 'text', artifactDaysToKeepStr: 'text']]]]],
                         alone: 'strategy', needs: ['strategy'], plugin: 'workflow-job'],
        disableConcurrentBuilds: [takes: [abortPrevious: 'truth'], plugin: 'workflow-job'],
        parallelsAlwaysFailFast: [takes: [:], plugin: 'pipeline-model-definition'],
        skipDefaultCheckout: [takes: [skip: 'truth'], alone: 'skip', plugin: 'pipeline-model-definition'],
        skipStagesAfterUnstable: [takes: [:], plugin: 'pipeline-model-definition'],
        quietPeriod: [takes: [seconds: 'whole'], alone: 'seconds', plugin: 'workflow-job'],
        timeout: TIMEOUT, retry: RETRY, lock: LOCK, timestamps: TIMESTAMPS,
    ]

    /** Options of a stage. */
    static final Map STAGE_OPTIONS = [
        skipDefaultCheckout: OPTIONS.skipDefaultCheckout,
        timeout: TIMEOUT, retry: RETRY, lock: LOCK, timestamps: TIMESTAMPS,
    ]

    /** Conditions of `when`; allOf, anyOf, not and expression take blocks, which Structure reads. */
    static final Map CONDITIONS = [
        branch: [takes: [pattern: 'text', comparator: ['EQUALS', 'GLOB', 'REGEXP']], alone: 'pattern', needs: ['pattern']],
        buildingTag: [takes: [:]],
        changeRequest: [takes: [target: 'text']],
        environment: [takes: [name: 'text', value: 'text'], needs: ['name', 'value']],
        tag: [takes: [pattern: 'text', comparator: ['EQUALS', 'GLOB', 'REGEXP']], alone: 'pattern', needs: ['pattern']],
    ]

    /** The conditions of `post`, in the order in which Jenkins looks at them. */
    static final List POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable',
                              'unsuccessful', 'cleanup']

    static final Map BINDINGS = [
        string: [takes: [credentialsId: 'text', variable: 'text'], needs: ['credentialsId', 'variable'],
                 plugin: 'credentials-binding'],
        file: [takes: [credentialsId: 'text', variable: 'text'], needs: ['credentialsId', 'variable'],
               plugin: 'credentials-binding'],
        usernamePassword: [takes: [credentialsId: 'text', usernameVariable: 'text', passwordVariable: 'text'],
                           needs: ['credentialsId', 'usernameVariable', 'passwordVariable'],
                           plugin: 'credentials-binding'],
    ]

    /** Steps; `holds` marks those that take a block of steps. */
    static final Map STEPS = [
        archiveArtifacts: [takes: [artifacts: 'text', allowEmptyArchive: 'truth', fingerprint: 'truth',
                                   onlyIfSuccessful: 'truth', excludes: 'text'],
                           alone: 'artifacts', needs: ['artifacts'], plugin: 'workflow-basic-steps'],
        catchError: [takes: [buildResult: RESULTS, stageResult: RESULTS, message: 'text',
                             catchInterruptions: 'truth'], holds: true, plugin: 'workflow-basic-steps'],
        deleteDir: [takes: [:], plugin: 'workflow-basic-steps'],
        dir: [takes: [path: 'text'], alone: 'path', needs: ['path'], holds: true, plugin: 'workflow-basic-steps'],
        echo: [takes: [message: 'text'], alone: 'message', needs: ['message'], plugin: 'workflow-basic-steps'],
        error: [takes: [message: 'text'], alone: 'message', needs: ['message'], plugin: 'workflow-basic-steps'],
        junit: [takes: [testResults: 'text', allowEmptyResults: 'truth', skipPublishingChecks: 'truth'],
                alone: 'testResults', needs: ['testResults'], plugin: 'junit'],
        lock: LOCK + [holds: true],
        milestone: [takes: [ordinal: 'whole', label: 'text'], alone: 'ordinal', plugin: 'pipeline-milestone-step'],
        publishHTML: [takes: [target: [map: [
                          reportName: 'text', reportDir: 'text', reportFiles: 'text', reportTitles: 'text',
                          keepAll: 'truth', alwaysLinkToLastBuild: 'truth', allowMissing: 'truth', includes: 'text'],
                                       needs: ['reportName', 'reportDir', 'reportFiles', 'allowMissing']]],
                      alone: 'target', needs: ['target'], plugin: 'htmlpublisher'],
        recordCoverage: [takes: [
            tools: [list: [map: [parser: ['CLOVER', 'COBERTURA', 'GO_COV', 'JACOCO', 'JUNIT', 'OPENCOVER', 'PIT', 'VECTOR_CAST'],
                                 pattern: 'text'], needs: ['parser', 'pattern']]],
            qualityGates: [list: [map: [
                metric: ['BRANCH', 'FILE', 'INSTRUCTION', 'LINE', 'METHOD', 'MODULE', 'MUTATION', 'PACKAGE'],
                baseline: ['PROJECT', 'MODIFIED_FILES', 'MODIFIED_LINES', 'PROJECT_DELTA', 'MODIFIED_FILES_DELTA',
                           'MODIFIED_LINES_DELTA', 'INDIRECT'],
                threshold: 'number', criticality: ['NOTE', 'UNSTABLE', 'ERROR', 'FAILURE']],
                                 needs: ['metric', 'baseline', 'threshold', 'criticality']]],
            sourceCodeRetention: ['NEVER', 'LAST_BUILD', 'EVERY_BUILD', 'MODIFIED'],
            sourceDirectories: [list: [map: [path: 'text'], needs: ['path']]],
            enabledForFailure: 'truth', failOnError: 'truth', ignoreParsingErrors: 'truth',
            id: 'text', name: 'text', skipPublishingChecks: 'truth'],
                         needs: ['tools', 'qualityGates'], plugin: 'coverage'],
        retry: RETRY + [holds: true],
        script: [takes: [:], holds: true, plugin: 'pipeline-model-definition'],
        // A script in double quotes is one that Groovy has put values into, secrets among them, before the shell reads it.
        sh: [takes: [script: 'literal', label: 'text', returnStatus: 'truth', returnStdout: 'truth'],
             alone: 'script', needs: ['script'], plugin: 'workflow-durable-task-step'],
        timeout: TIMEOUT + [holds: true],
        unstable: [takes: [message: 'text'], alone: 'message', needs: ['message'], plugin: 'workflow-basic-steps'],
        withCredentials: [takes: [bindings: [list: [calls: BINDINGS]]], alone: 'bindings', needs: ['bindings'],
                          holds: true, plugin: 'credentials-binding'],
        withEnv: [takes: [overrides: [list: 'text']], alone: 'overrides', needs: ['overrides'], holds: true,
                  plugin: 'workflow-basic-steps'],
    ]

}
