using System.CommandLine;
using Nanodet.Serverless.Bench;

var root = new RootCommand("Measurements of Nanodet.Serverless.")
{
    BatcherCommand.Create(),
    CompareCommand.Create(),
    ExportsCommand.Create(),
    FeedCommand.Create(),
    MicroCommand.Create(),
    MosaicCommand.Create(),
    ProfileCommand.Create(),
    SimulateCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
