// refused: when of stage 'Test' has no condition
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            when { beforeAgent true }
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                sh 'make unit'
            }
        }
    }
}
