// refused: the options of pipeline know no 'timeOut'
pipeline {
    agent any
    options { timeOut(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                sh 'make unit'
            }
        }
    }
}
