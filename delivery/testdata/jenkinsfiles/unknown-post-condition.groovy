// refused: post of stage 'Test' knows no section 'eventually'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            post { eventually { deleteDir() } }
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                sh 'make unit'
            }
        }
    }
}
