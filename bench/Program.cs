using System.CommandLine;
using Nanodet.Serverless.Bench;

var root = new RootCommand("Measurements of Nanodet.Serverless.") { CompareCommand.Create(), BatcherCommand.Create() };
return await root.Parse(args).InvokeAsync();
