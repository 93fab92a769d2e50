// refused: which is not one of NANOSECONDS
pipeline {
    agent any
    options { timeout(time: 1, unit: 'hours') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                sh 'make unit'
            }
        }
    }
}
