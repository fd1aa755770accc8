using System.CommandLine;
using Nanodet.Serverless.Bench;

var root = new RootCommand("Measurements of Nanodet.Serverless.")
{
    BatcherCommand.Create(),
    CompareCommand.Create(),
    MicroCommand.Create(),
    ProfileCommand.Create(),
    SimulateCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
