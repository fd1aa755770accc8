using Nanodet.Serverless.Samples.Tests;

[assembly: AssemblyFixture(typeof(BuiltSamples))]
