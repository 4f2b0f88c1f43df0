// The same on Express 4.
import express from "express-v4";
import { serve } from "./express-application.mjs";

serve(express, "express-4");
