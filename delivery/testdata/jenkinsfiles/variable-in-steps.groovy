// refused: holds something that is no step
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                def version = 1
                sh 'make unit'
            }
        }
    }
}
