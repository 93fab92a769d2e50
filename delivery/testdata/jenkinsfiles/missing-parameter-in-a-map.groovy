// refused: a map needs 'reportDir'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                publishHTML(target: [reportName: 'Coverage', reportFiles: 'coverage.html', allowMissing: false])
            }
        }
    }
}
