// refused: when of stage 'Test' knows no condition 'onBranch'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            when { onBranch 'main' }
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                sh 'make unit'
            }
        }
    }
}
