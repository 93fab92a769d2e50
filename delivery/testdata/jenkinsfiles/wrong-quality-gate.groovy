// refused: which is not one of NOTE, UNSTABLE, ERROR, FAILURE
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                recordCoverage(
                    tools: [[parser: 'COBERTURA', pattern: 'coverage.xml']],
                    qualityGates: [[metric: 'LINE', baseline: 'PROJECT', threshold: 100.0, criticality: 'FAILED']]
                )
            }
        }
    }
}
