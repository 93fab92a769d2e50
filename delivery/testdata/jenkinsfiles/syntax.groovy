// refused: expecting
pipeline {
    agent any
    stages {
        stage('Test') {
            steps { sh 'make unit' 
        }
    }
}
