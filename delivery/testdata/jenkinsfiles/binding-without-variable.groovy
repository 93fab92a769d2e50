// refused: 'string' needs 'variable'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                withCredentials([string(credentialsId: 'a')]) {
                    sh 'make unit'
                }
            }
        }
    }
}
