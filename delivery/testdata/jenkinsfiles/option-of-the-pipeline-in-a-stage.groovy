// refused: the options of stage 'Test' know no 'buildDiscarder'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES')
                buildDiscarder(logRotator(numToKeepStr: '5')) }
            steps {
                sh 'make unit'
            }
        }
    }
}
